"""Every way in which a backup can break, alone and in pairs, and what the doctor says of each."""
