"""Set-based SQL, one file per table written. Functions return SQL; models run it."""
