"""people of a device, and erasing one from afar."""

import sqlalchemy as sa
import sqlmodel
from alembic import op


revision = '0004'
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('device_person',
    sa.Column('device_id', sqlmodel.sql.sqltypes.AutoString(length=36), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('added_at', sa.BigInteger(), nullable=False),
    sa.Column('taken_off_at', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['device_id'], ['device.id'], name=op.f('fk_device_person_device_id_device')),
    sa.ForeignKeyConstraint(['user_id'], ['user.id'], name=op.f('fk_device_person_user_id_user')),
    sa.PrimaryKeyConstraint('device_id', 'user_id', name=op.f('pk_device_person'))
    )
    with op.batch_alter_table('device_person', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_device_person_user_id'), ['user_id'], unique=False)

    with op.batch_alter_table('device', schema=None) as batch_op:
        batch_op.add_column(sa.Column('wipe_asked_at', sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column('wiped_at', sa.BigInteger(), nullable=True))

    # Until now a device was used by the one who enrolled it.
    op.execute(
        "INSERT INTO device_person (device_id, user_id, added_at) SELECT id, user_id, enrolled_at FROM device"
    )


def downgrade() -> None:
    raise NotImplementedError("what this release recorded cannot be told by the one before: restore a backup")
