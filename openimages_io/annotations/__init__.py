"""What may be done to annotations, for every interface: functions of models that know neither HTTP nor a terminal.

Who may do it is for the interface to ask; that the rows are right, and that nobody changes them meanwhile, is seen to
here. What is wrong is an error of `errors.py`, each fault with its path in what was given.
"""
