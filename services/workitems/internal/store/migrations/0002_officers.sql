-- +goose Up

-- What officers look for among the items that have ended, and by measure. They
-- are written once, when an item ends; the open ones have indexes of their own.
CREATE INDEX work_item_measure ON work_item (measure, raised_at, id) WHERE status <= 2;
CREATE INDEX work_item_ended_office ON work_item (office, code, raised_at, id) WHERE status >= 3;
CREATE INDEX work_item_ended_code ON work_item (code, raised_at, id) WHERE status >= 3;
CREATE INDEX work_item_ended_assignee ON work_item (assignee, raised_at, id) WHERE status >= 3 AND assignee <> '';
CREATE INDEX work_item_ended_measure ON work_item (measure, raised_at, id) WHERE status >= 3;

-- What an officer wrote lately, to find the same words again.
CREATE INDEX work_item_step_words ON work_item_step (actor, at) WHERE action IN ('completed', 'reassigned');
