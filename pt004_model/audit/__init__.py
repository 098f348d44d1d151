"""What an FC has written already, judged without a request: an export of its runs and their logs.

A source is read into records (``sources``). Each run is rebuilt from its log by the model
(``rebuild``), and then read by the judge that reads live answers (``judging``).
"""
