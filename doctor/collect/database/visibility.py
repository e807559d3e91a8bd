"""Whether row-level security may hide rows of a table from whoever asks."""

from __future__ import annotations


def may_hide(relation: str) -> str:
    """An expression: true unless row-level security lets the asking user see every row.

    A permissive policy that lets every row through, with no restrictive one, hides none.
    `relation` is an expression for the table's oid.
    """
    return f"""(
    SELECT row_security_active(c.oid) AND NOT coalesce((
      SELECT bool_or(p.polpermissive AND pg_get_expr(p.polqual, p.polrelid) = 'true')
        AND bool_and(p.polpermissive)
      FROM pg_catalog.pg_policy AS p
      WHERE p.polrelid = c.oid AND p.polcmd IN ('r', '*')
        AND (p.polroles = '{{0}}' OR EXISTS (
          SELECT FROM unnest(p.polroles) AS role
          WHERE role <> 0 AND pg_has_role(current_user, role, 'USAGE')))
    ), false)
    FROM pg_catalog.pg_class AS c WHERE c.oid = {relation})"""
