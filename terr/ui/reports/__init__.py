"""The Reports page: files to download and files for the CRM."""
