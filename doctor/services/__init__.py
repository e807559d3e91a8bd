"""What the services and tools of a backup are known to say."""
