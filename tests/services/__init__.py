"""What is known of the services' and tools' own words."""
