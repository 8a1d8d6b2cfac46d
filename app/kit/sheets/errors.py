"""What people read when a spreadsheet is refused: one sentence a code, saying what to do."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.kit.errors import MESSAGES, RuleViolation


class SheetError(RuleViolation):
    """A spreadsheet was refused; `code` is one of those below."""


MESSAGES.update(
    {
        "sheet_empty_file": _l("The file is empty (0 bytes). Choose another file."),
        "sheet_too_large": _l(
            "The file has %(megabytes)s MB; at most %(limit)s MB can be read. Split it into several files."
        ),
        "sheet_unsupported": _l(
            "This is a file of kind %(found)s, which cannot be read. Save it as .xlsx or .csv and upload that."
        ),
        "sheet_wrong_extension": _l(
            "The file is named %(suffix)s, but its content is that of a %(found)s file. Open it "
            "in Excel or WPS, save it as .xlsx and upload that."
        ),
        "sheet_encrypted": _l(
            "The file is protected by a password. Open it, remove the password, save it and upload it again."
        ),
        "sheet_damaged": _l(
            "The file is damaged and cannot be opened. Open it in Excel or WPS, save it as a new .xlsx and upload that."
        ),
        "sheet_truncated": _l(
            "The end of the file is missing, as after a download or upload that was cut off. Get the file again."
        ),
        "sheet_not_a_workbook": _l(
            "There is no workbook in this file. Save the table as .xlsx or .csv and upload that."
        ),
        "sheet_not_text": _l(
            "Byte %(position)s of the file is zero, so it is not a text file. Save the table as "
            ".xlsx or as CSV in UTF-8."
        ),
        "sheet_not_decodable": _l(
            "The text cannot be read: byte %(position)s is not valid in %(encoding)s. Save the "
            "table as .xlsx or as CSV in UTF-8, or choose its encoding."
        ),
        "sheet_unknown_encoding": _l("There is no encoding called “%(encoding)s”. Choose utf-8, gb18030 or utf-16."),
        "sheet_bad_delimiter": _l(
            "“%(delimiter)s” cannot separate cells. Choose one character, such as a comma, a semicolon or a tab."
        ),
        "sheet_unclosed_quote": _l(
            "A quotation mark opened in row %(row)s is never closed. Close it, or double it if it belongs to the text."
        ),
        "sheet_cell_too_long": _l(
            "A cell in row %(row)s has more than %(limit)s characters. Shorten it, or close the quotation mark "
            "that it begins with."
        ),
        "sheet_too_many_parts": _l(
            "The workbook consists of %(parts)s parts; at most %(limit)s are read. Save only the table as a new .xlsx."
        ),
        "sheet_inflates_too_far": _l(
            "Unpacked, the workbook is far larger than the limit of %(limit)s MB. Save only the table as a new .xlsx."
        ),
        "sheet_forbidden_xml": _l(
            "The workbook contains definitions that no spreadsheet program writes and that could "
            "do harm. Open it in Excel or WPS, save it as a new .xlsx and upload that."
        ),
        "sheet_too_wide": _l(
            "There is content in column %(columns)s; at most %(limit)s columns are read. Delete "
            "the columns right of your table and save."
        ),
        "sheet_too_long": _l(
            "There is content in row %(rows)s; at most %(limit)s rows are read. Split the table into several files."
        ),
        "sheet_too_sparse": _l(
            "A single cell lies far away from the others (the sheet reaches row %(rows)s and "
            "column %(columns)s). Delete the rows and columns outside your table and save."
        ),
        "sheet_merged_too_far": _l(
            "The merged areas cover more than %(limit)s cells. Undo the merging (Home → Merge) and save."
        ),
        "sheet_unplaced_errors": _l(
            "There are error values such as #N/A or formulas without a result in this sheet. Open"
            " it in Excel or WPS, replace them by values, save and upload it again."
        ),
        "sheet_no_such_sheet": _l("There is no sheet called “%(sheet)s”; the workbook has: %(sheets)s."),
        "sheet_no_content": _l(
            "There is no content in any visible sheet. Fill in the table, or show the hidden sheet."
        ),
        "sheet_no_header": _l("Row %(row)s is blank or missing, so it cannot be the header. Choose another row."),
        "sheet_too_slow": _l(
            "Reading the file took more than %(seconds)s seconds and was stopped. Save only the table as a new .xlsx."
        ),
        "sheet_too_much_memory": _l(
            "Reading the file needs too much memory and was stopped. Split the table into several files."
        ),
        "sheet_text_too_long": _l(
            "Row %(row)s, column “%(column)s”, has %(length)s characters; a cell of Excel holds %(limit)s. "
            "Shorten the text, or export as CSV."
        ),
        "sheet_too_many_rows": _l("A sheet holds at most %(limit)s rows. Narrow the filter, or export as CSV."),
        "sheet_reader_died": _l(
            "The file could not be read: the reading program broke down on it and was stopped. "
            "Nothing was changed. Open it in Excel or WPS, save it as a new .xlsx and upload "
            "that."
        ),
    }
)
