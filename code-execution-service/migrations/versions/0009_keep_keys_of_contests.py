"""Keep the idempotency key that a contest was made with"""

import sqlalchemy as sa
from alembic import op


revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('contests', sa.Column('idempotency_key', sa.String(length=64), nullable=True))
    op.add_column('contests', sa.Column('request_hash', sa.String(length=64), nullable=True))
    with op.batch_alter_table('contests', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_contests_idempotency_key'), ['idempotency_key'], unique=True)


def downgrade() -> None:
    with op.batch_alter_table('contests', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_contests_idempotency_key'))
        batch_op.drop_column('request_hash')
        batch_op.drop_column('idempotency_key')
