from . import toll_encoding_add
