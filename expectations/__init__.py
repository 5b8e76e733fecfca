"""Great Expectations suites, one module per dataset, and their runner."""
