"""Who may see what: roles and their rights, passwords, row scope and masks."""
