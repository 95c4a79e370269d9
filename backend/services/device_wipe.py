"""Erasing a device from afar: asked for here, told with its next answers, done by itself once all is sent."""

from __future__ import annotations

from sqlmodel import Session

from backend.models import Device
from backend.problems import Problem
from backend.services.devices import refuse_revoked


def ask_to_wipe(session: Session, device_id: str, now: int) -> None:
    """Ask a device to send what it has and erase itself. Asking twice changes nothing.

    Raises Problem 404 `unknown_device`, and 403 `revoked_device` for one that can no longer send: what waits on
    it would never come.
    """
    device = _device(session, device_id)
    refuse_revoked(device.revoked_at)
    if device.wipe_asked_at is None:
        device.wipe_asked_at = now


def call_off(session: Session, device_id: str) -> None:
    """Take the wish back; a device that has not erased itself yet hears so with its next answer. Raises Problem 404."""
    device = _device(session, device_id)
    if device.wiped_at is None:
        device.wipe_asked_at = None


def note_wiped(session: Session, device_id: str, now: int) -> None:
    """Remember that the device erased itself, also where the wish was taken back meanwhile; its token ends with it."""
    device = _device(session, device_id)
    device.wiped_at = now
    device.revoked_at = device.revoked_at or now
    device.waiting, device.oldest_waiting_at = 0, None


def _device(session: Session, device_id: str) -> Device:
    device = session.get(Device, device_id)
    if device is None:
        raise Problem(404, "unknown_device", "There is no such device.")
    return device
