"""What other rooms may use of the webhooks' room."""

from civic.webhooks.deliveries import (
    LISTED,
    TEST,
    Claimed,
    Delivery,
    claim,
    enqueue,
    enqueue_test,
    forget,
    keep_payload,
    replay,
    settle,
)
from civic.webhooks.subscriptions import (
    NewSubscription,
    Subscription,
    add,
    change,
    context,
    listed,
    read,
    rotate,
    switch_off,
)

__all__ = [
    "LISTED",
    "TEST",
    "Claimed",
    "Delivery",
    "NewSubscription",
    "Subscription",
    "add",
    "change",
    "claim",
    "context",
    "enqueue",
    "enqueue_test",
    "forget",
    "keep_payload",
    "listed",
    "read",
    "replay",
    "rotate",
    "settle",
    "switch_off",
]
