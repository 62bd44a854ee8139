"""Let judge workers say that they are there"""

import sqlalchemy as sa
from alembic import op
from app import database


revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'judge_workers',
        sa.Column('id', sa.String(length=32), nullable=False),
        sa.Column('place', sa.String(length=100), nullable=False),
        sa.Column('pid', sa.Integer(), nullable=False),
        sa.Column('lanes', sa.Integer(), nullable=False),
        sa.Column('version', sa.String(length=40), nullable=False),
        sa.Column('started_at', database.UtcDateTime(timezone=True), nullable=False),
        sa.Column('seen_at', database.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_judge_workers')),
    )


def downgrade() -> None:
    op.drop_table('judge_workers')
