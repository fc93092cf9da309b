"""What goes wrong, said in one line that names the remedy."""


class UserError(Exception):
    """Something the person at the keyboard can mend; printed as one line, never as a traceback.

    The message names the object, what was expected, what was found and what to do next. The command line exits with 2.
    """
