"""The verbs of `opsroom` that belong to no app. Each module is imported when its verb is used."""
