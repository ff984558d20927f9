"""Studies: folders of ordinary runs that differ in a parameter, and engines that work through them."""

from tuilab.studies.pool import Progress, conduct
from tuilab.studies.study import Study, StudyError, create, find

__all__ = ["Progress", "Study", "StudyError", "conduct", "create", "find"]
