"""Set-based SQL: functions return SQL, the model that owns the table runs it."""
