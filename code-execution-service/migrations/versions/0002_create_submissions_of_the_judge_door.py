"""Create submissions of the judge door"""

import sqlalchemy as sa
from alembic import op
from app import database
from sqlalchemy.dialects import postgresql

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Who comes from another service with this table in the same database keeps it: the columns and
    # their types are the contract's.
    op.create_table('submissions',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('submission_id', sa.String(length=255), nullable=True),
    sa.Column('user_id', sa.String(length=255), nullable=False),
    sa.Column('question_id', sa.String(length=255), nullable=False),
    sa.Column('language', sa.String(length=50), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('test_results', sa.JSON().with_variant(postgresql.JSONB(), 'postgresql'), nullable=False),
    sa.Column('summary', sa.JSON().with_variant(postgresql.JSONB(), 'postgresql'), nullable=False),
    sa.Column('execution_id', sa.String(length=255), nullable=True),
    sa.Column('created_at', database.ZonelessUtcDateTime(), server_default=sa.text('(CURRENT_TIMESTAMP)'), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_submissions')),
    sa.UniqueConstraint('submission_id', name=op.f('uq_submissions_submission_id')),
    if_not_exists=True,
    )


def downgrade() -> None:
    op.drop_table('submissions', if_exists=True)
