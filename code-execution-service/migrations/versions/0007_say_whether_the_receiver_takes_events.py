"""Say whether the receiver takes events, and since when an event is tried"""

import sqlalchemy as sa
from alembic import op
from app import database


revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('events', sa.Column('tried_since', database.UtcDateTime(timezone=True), nullable=True))
    receivers = op.create_table('receivers',
    sa.Column('name', sa.String(length=32), nullable=False),
    sa.Column('failing_since', database.UtcDateTime(timezone=True), nullable=True),
    sa.Column('failed_at', database.UtcDateTime(timezone=True), nullable=True),
    sa.Column('disabled_at', database.UtcDateTime(timezone=True), nullable=True),
    sa.Column('disabled_for', sa.String(length=16), nullable=True),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_receivers'))
    )
    op.bulk_insert(receivers, [{'name': 'backend'}])


def downgrade() -> None:
    op.drop_table('receivers')
    with op.batch_alter_table('events', schema=None) as batch_op:
        batch_op.drop_column('tried_since')
