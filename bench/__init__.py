"""`python -m bench`: what each stage costs, beside the floor and the plain-library way, measured in one run.

It only measures: nothing in the program imports it, and nothing here decides what is fast enough but the targets' numbers.
"""
