"""Add judging rules, skipped and partly right runs, and test data kept by hash"""

import sqlalchemy as sa
from alembic import op
from app import database


revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('test_data',
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('size_bytes', sa.Integer(), nullable=False),
    sa.Column('created_at', database.UtcDateTime(timezone=True), nullable=False),
    sa.Column('last_used_at', database.UtcDateTime(timezone=True), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('sha256', name=op.f('pk_test_data'))
    )
    with op.batch_alter_table('test_data', schema=None) as batch_op:
        batch_op.create_index(op.f('ix_test_data_last_used_at'), ['last_used_at'], unique=False)

    op.add_column('code_submissions', sa.Column('judging_rules', sa.JSON(), nullable=True))
    op.add_column('submission_test_cases', sa.Column('input_sha256', sa.String(length=64), nullable=True))
    op.add_column('submission_test_cases', sa.Column('expected_output_sha256', sa.String(length=64), nullable=True))
    op.add_column('submission_test_cases', sa.Column('group_name', sa.String(length=64), nullable=True))

    with op.batch_alter_table('runs', schema=None) as batch_op:
        batch_op.alter_column('verdict', existing_type=sa.String(length=8), nullable=True)
        batch_op.add_column(sa.Column('score', sa.Double(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('judge_message', sa.Text(), nullable=True))
    op.execute("UPDATE runs SET score = 1 WHERE verdict = 'AC'")


def downgrade() -> None:
    op.execute("DELETE FROM runs WHERE verdict IS NULL")
    with op.batch_alter_table('runs', schema=None) as batch_op:
        batch_op.drop_column('judge_message')
        batch_op.drop_column('score')
        batch_op.alter_column('verdict', existing_type=sa.String(length=8), nullable=False)

    with op.batch_alter_table('submission_test_cases', schema=None) as batch_op:
        batch_op.drop_column('group_name')
        batch_op.drop_column('expected_output_sha256')
        batch_op.drop_column('input_sha256')

    with op.batch_alter_table('code_submissions', schema=None) as batch_op:
        batch_op.drop_column('judging_rules')

    with op.batch_alter_table('test_data', schema=None) as batch_op:
        batch_op.drop_index(op.f('ix_test_data_last_used_at'))

    op.drop_table('test_data')
