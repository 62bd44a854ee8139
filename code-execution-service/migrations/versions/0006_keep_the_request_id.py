"""Keep the id of the request that a submission came with"""

import sqlalchemy as sa
from alembic import op


revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('code_submissions', sa.Column('request_id', sa.String(length=64), nullable=True))
    op.add_column('events', sa.Column('request_id', sa.String(length=64), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('events', schema=None) as batch_op:
        batch_op.drop_column('request_id')

    with op.batch_alter_table('code_submissions', schema=None) as batch_op:
        batch_op.drop_column('request_id')
