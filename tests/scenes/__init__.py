"""Every page in every state that people can meet, as one table (tests.scenes.table)."""
