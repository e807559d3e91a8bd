"""From a syntax tree of any language to statements of one."""
