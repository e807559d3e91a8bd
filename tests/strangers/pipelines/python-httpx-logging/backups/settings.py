import os

URL = os.environ["SUPABASE_URL"]
SERVICE_KEY = os.environ["SUPABASE_SERVICE_ROLE_KEY"]
FUNCTION_KEY = os.environ["BACKUP_API_KEY"]
DISPATCH = os.environ["DISPATCH_ID"]
