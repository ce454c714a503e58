"""The points ledger: postings checked, balances and lots, what is redeemed, what is owed."""
