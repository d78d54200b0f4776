"""How dates are written where Django's own way is not ours; languages fall back to it.

Templates name a format (`|date:"DATE_FORMAT"`), never its letters.
"""
