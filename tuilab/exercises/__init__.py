"""Parts with their bodies left out, to be written by who learns, and compared with ours value by value."""

from tuilab.exercises.comparing import Answer, compare, difference
from tuilab.exercises.tasks import Exercise, ExerciseError, exercises, find
from tuilab.exercises.writing import written

__all__ = ["Answer", "Exercise", "ExerciseError", "compare", "difference", "exercises", "find", "written"]
