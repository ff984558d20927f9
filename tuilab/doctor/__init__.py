"""What a recording shows: the expectations it keeps and breaks, and how predictions came out."""

from tuilab.doctor.expectations import Outcome, Verdict, check
from tuilab.doctor.predictions import Reveal, reveals

__all__ = ["Outcome", "Reveal", "Verdict", "check", "reveals"]
