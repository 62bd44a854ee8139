"""Give jobs a priority and a turn"""

import sqlalchemy as sa
from alembic import op
from app import database


revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('code_submissions', sa.Column('priority', sa.SmallInteger(), server_default='1', nullable=False))

    op.add_column('jobs', sa.Column('user_id', sa.BigInteger(), nullable=True))
    op.add_column('jobs', sa.Column('priority', sa.SmallInteger(), nullable=True))
    op.add_column('jobs', sa.Column('turn_at', database.UtcDateTime(timezone=True), nullable=True))
    op.execute(
        'UPDATE jobs SET priority = 1, turn_at = created_at, user_id ='
        ' (SELECT user_id FROM code_submissions WHERE code_submissions.id = jobs.submission_id)'
    )
    with op.batch_alter_table('jobs', schema=None) as batch_op:
        batch_op.alter_column('user_id', existing_type=sa.BigInteger(), nullable=False)
        batch_op.alter_column('priority', existing_type=sa.SmallInteger(), nullable=False)
        batch_op.alter_column('turn_at', existing_type=database.UtcDateTime(timezone=True), nullable=False)
        batch_op.drop_index('ix_jobs_available_at')
        batch_op.create_index('ix_jobs_turn', ['priority', 'turn_at', 'id'], unique=False)
        batch_op.create_index('ix_jobs_user', ['user_id', 'priority'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('jobs', schema=None) as batch_op:
        batch_op.drop_index('ix_jobs_user')
        batch_op.drop_index('ix_jobs_turn')
        batch_op.create_index('ix_jobs_available_at', ['available_at'], unique=False)
        batch_op.drop_column('turn_at')
        batch_op.drop_column('priority')
        batch_op.drop_column('user_id')

    with op.batch_alter_table('code_submissions', schema=None) as batch_op:
        batch_op.drop_column('priority')
