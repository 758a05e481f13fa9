-- +goose Up
-- Recovery takes orders that were never tried before those that were, and looks for
-- the first of either: however many are open, it need not read them all.
DROP INDEX orders_due;
CREATE INDEX orders_due ON orders (attempts > 0, attempt_at) WHERE state IN ('pending', 'cancelling');
