from fastapi import APIRouter, HTTPException

from app.database import SessionDep
from app.models import User
from app.security import AdminDep

router = APIRouter(tags=["users"])


@router.post("/users/{user_id}/block", status_code=204)
def block_user(user_id: int, admin: AdminDep, session: SessionDep) -> None:
    user = session.get(User, user_id)
    if user is None:
        raise HTTPException(404, "no such user")
    user.is_blocked = True
    session.commit()
