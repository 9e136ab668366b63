"""Files of rows: CSV, XLSX and NDJSON, written and read a row at a time, in constant memory."""
