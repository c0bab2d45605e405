"""Intervals, comparisons and what they rest on: numbers in, numbers out."""
