"""Add compile options and files to submissions"""

import sqlalchemy as sa
from alembic import op


revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('submission_files',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('submission_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('name', sa.String(length=129), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['submission_id'], ['code_submissions.id'], name=op.f('fk_submission_files_submission_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_submission_files'))
    )
    with op.batch_alter_table('submission_files', schema=None) as batch_op:
        batch_op.create_index(op.f('ix_submission_files_submission_id'), ['submission_id'], unique=False)

    with op.batch_alter_table('code_submissions', schema=None) as batch_op:
        batch_op.add_column(sa.Column('compile_options', sa.JSON(), server_default='[]', nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('code_submissions', schema=None) as batch_op:
        batch_op.drop_column('compile_options')

    with op.batch_alter_table('submission_files', schema=None) as batch_op:
        batch_op.drop_index(op.f('ix_submission_files_submission_id'))

    op.drop_table('submission_files')
