"""Keep where a submission and its event belong in a trace"""

import sqlalchemy as sa
from alembic import op


revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('code_submissions', sa.Column('traceparent', sa.String(length=64), nullable=True))
    op.add_column('events', sa.Column('traceparent', sa.String(length=64), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('events', schema=None) as batch_op:
        batch_op.drop_column('traceparent')

    with op.batch_alter_table('code_submissions', schema=None) as batch_op:
        batch_op.drop_column('traceparent')
