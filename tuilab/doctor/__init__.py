"""What a recording shows: findings, expectations kept and broken, and how predictions came out."""

from tuilab.doctor.expectations import Outcome, Verdict, across, check
from tuilab.doctor.finding import Finding
from tuilab.doctor.findings import findings
from tuilab.doctor.predictions import Reveal, reveals

__all__ = ["Finding", "Outcome", "Reveal", "Verdict", "across", "check", "findings", "reveals"]
