"""Tests of stock: levels, ledger, holds, the proof and its pages."""
