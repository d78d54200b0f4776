"""German: 25. November 2026, 10:14. Django's has no comma, and 25.11.2026 in lists."""

DATETIME_FORMAT = SHORT_DATETIME_FORMAT = "j. F Y, H:i"
