"""The services that the doctor asks, one client each. They read; none of them changes anything."""
