from app.models.notification import Notification
from app.models.user import User

__all__ = ["Notification", "User"]
