"""Domain-free tools: database, clock, money, errors, journal, jobs, permissions."""
