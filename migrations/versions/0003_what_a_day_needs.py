"""moves and returns, registers, levels, recalls and feedback."""

import sqlalchemy as sa
import sqlmodel
from alembic import op


revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

FLOWS = (
    "flow IN ('received', 'issued', 'returned', 'dispensed', 'adjusted', 'counted', 'consumed', 'produced', 'moved')"
)


def upgrade() -> None:
    op.create_table('recall',
    sa.Column('change', sa.BigInteger(), nullable=False),
    sa.Column('id', sqlmodel.sql.sqltypes.AutoString(length=36), nullable=False),
    sa.Column('product_id', sa.Integer(), nullable=False),
    sa.Column('lots', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('reason', sqlmodel.sql.sqltypes.AutoString(length=400), nullable=False),
    sa.Column('instruction', sqlmodel.sql.sqltypes.AutoString(length=2000), nullable=False),
    sa.Column('zone_id', sa.Integer(), nullable=True),
    sa.Column('opened_at', sa.BigInteger(), nullable=False),
    sa.Column('opened_by', sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
    sa.Column('closed_at', sa.BigInteger(), nullable=True),
    sa.Column('closed_by', sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_recall_product_id_product')),
    sa.ForeignKeyConstraint(['zone_id'], ['zone.id'], name=op.f('fk_recall_zone_id_zone')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recall'))
    )
    with op.batch_alter_table('recall', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_recall_change'), ['change'], unique=False)

    op.create_table('feedback',
    sa.Column('facility_id', sa.Integer(), nullable=False),
    sa.Column('id', sqlmodel.sql.sqltypes.AutoString(length=36), nullable=False),
    sa.Column('text', sqlmodel.sql.sqltypes.AutoString(length=2000), nullable=False),
    sa.Column('author', sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('product_id', sa.Integer(), nullable=True),
    sa.Column('change', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['facility_id'], ['facility.id'], name=op.f('fk_feedback_facility_id_facility')),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_feedback_product_id_product')),
    sa.PrimaryKeyConstraint('facility_id', 'id', name=op.f('pk_feedback'))
    )
    with op.batch_alter_table('feedback', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_feedback_facility_id_change'), ['facility_id', 'change'], unique=False)

    op.create_table('level',
    sa.Column('facility_id', sa.Integer(), nullable=False),
    sa.Column('product_id', sa.Integer(), nullable=False),
    sa.Column('amc', sa.BigInteger(), nullable=True),
    sa.Column('months_reported', sa.Integer(), nullable=False),
    sa.Column('minimum', sa.BigInteger(), nullable=True),
    sa.Column('maximum', sa.BigInteger(), nullable=True),
    sa.Column('order_point', sa.BigInteger(), nullable=True),
    sa.Column('minimum_months', sa.Integer(), nullable=True),
    sa.Column('maximum_months', sa.Integer(), nullable=True),
    sa.Column('as_of', sa.Integer(), nullable=False),
    sa.Column('change', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['facility_id'], ['facility.id'], name=op.f('fk_level_facility_id_facility')),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_level_product_id_product')),
    sa.PrimaryKeyConstraint('facility_id', 'product_id', name=op.f('pk_level'))
    )
    with op.batch_alter_table('level', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_level_facility_id_change'), ['facility_id', 'change'], unique=False)

    op.create_table('level_mark',
    sa.Column('facility_id', sa.Integer(), nullable=False),
    sa.Column('mark', sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
    sa.ForeignKeyConstraint(['facility_id'], ['facility.id'], name=op.f('fk_level_mark_facility_id_facility')),
    sa.PrimaryKeyConstraint('facility_id', name=op.f('pk_level_mark'))
    )
    op.create_table('register',
    sa.Column('facility_id', sa.Integer(), nullable=False),
    sa.Column('name', sqlmodel.sql.sqltypes.AutoString(length=16), nullable=False),
    sa.Column('key', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('effective_at', sa.BigInteger(), nullable=False),
    sa.Column('operation_id', sqlmodel.sql.sqltypes.AutoString(length=36), nullable=False),
    sa.Column('value', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('change', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['facility_id'], ['facility.id'], name=op.f('fk_register_facility_id_facility')),
    sa.PrimaryKeyConstraint('facility_id', 'name', 'key', name=op.f('pk_register'))
    )
    with op.batch_alter_table('register', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_register_facility_id_change'), ['facility_id', 'change'], unique=False)
        batch_op.create_index(batch_op.f('ix_register_name_key'), ['name', 'key'], unique=False)

    op.create_table('saying',
    sa.Column('facility_id', sa.Integer(), nullable=False),
    sa.Column('name', sqlmodel.sql.sqltypes.AutoString(length=16), nullable=False),
    sa.Column('key', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('operation_id', sqlmodel.sql.sqltypes.AutoString(length=36), nullable=False),
    sa.Column('effective_at', sa.BigInteger(), nullable=False),
    sa.Column('value', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.ForeignKeyConstraint(['facility_id'], ['facility.id'], name=op.f('fk_saying_facility_id_facility')),
    sa.PrimaryKeyConstraint('facility_id', 'name', 'key', 'operation_id', name=op.f('pk_saying'))
    )

    sqlite = op.get_bind().dialect.name == 'sqlite'
    if not sqlite:
        op.execute("ALTER TABLE fact DISABLE TRIGGER fact_append_only")
    # SQLite makes the table anew for it, and drops its triggers with the old one.
    with op.batch_alter_table('fact', schema=None) as batch_op:
        batch_op.drop_constraint(op.f('ck_fact_flow'), type_='check')
        batch_op.create_check_constraint(op.f('ck_fact_flow'), FLOWS)
    if not sqlite:
        op.execute("ALTER TABLE fact ENABLE TRIGGER fact_append_only")
        op.execute(
            "CREATE TRIGGER saying_append_only BEFORE UPDATE OR DELETE ON saying "
            "FOR EACH ROW EXECUTE FUNCTION refuse_ledger_change()"
        )
        return
    for table in ("fact", "saying"):
        for verb in ("UPDATE", "DELETE"):
            op.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb.lower()}")
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
            )


def downgrade() -> None:
    raise NotImplementedError("what this release recorded cannot be told by the one before: restore a backup")
