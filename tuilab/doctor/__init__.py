"""What a recording shows: the expectations that it keeps and breaks."""

from tuilab.doctor.expectations import Outcome, Verdict, check

__all__ = ["Outcome", "Verdict", "check"]
