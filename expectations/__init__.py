"""Great Expectations suites, one module per dataset, and the runner.

Importing this package imports GX, which takes seconds: import it in the task, not at module level.
"""

import logging
import warnings

# GX logs hundreds of lines where logging is configured, and imports modules that the standard library deprecates.
logging.getLogger("great_expectations").setLevel(logging.ERROR)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import great_expectations  # noqa: F401
logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.ERROR)  # sets its own level to INFO
