"""Archives: thousands of photographs, one after the other or many at once, each with its line in a manifest."""

from pyvarcolor.batch.jobs import InputError, Job, find_jobs
from pyvarcolor.batch.manifest import Manifest, ManifestError, Record, canonical, latest_records, read_records
from pyvarcolor.batch.report import write_report
from pyvarcolor.batch.run import Tally, colorize_all
from pyvarcolor.batch.verify import Problem, verify
from pyvarcolor.batch.work import Settings

__all__ = [
    "InputError",
    "Job",
    "Manifest",
    "ManifestError",
    "Problem",
    "Record",
    "Settings",
    "Tally",
    "canonical",
    "colorize_all",
    "find_jobs",
    "latest_records",
    "read_records",
    "verify",
    "write_report",
]
