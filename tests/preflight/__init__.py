"""Would the next backup get through? Told before there is one."""
