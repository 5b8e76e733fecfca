"""What the project adds to Airflow: the operator of Beam jobs, the alert on a failure and the warm-up of workers."""
