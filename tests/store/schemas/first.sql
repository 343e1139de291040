CREATE TABLE datasets (
    id VARCHAR(64) NOT NULL,
    name TEXT NOT NULL,
    sha256 VARCHAR(64) NOT NULL,
    filename TEXT NOT NULL,
    mapping_json TEXT NOT NULL,
    summary_json TEXT NOT NULL,
    created_at VARCHAR(40) NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE meta (
    schema_version INTEGER NOT NULL
);
CREATE TABLE reps (
    dataset_id VARCHAR(64) NOT NULL,
    rep_id TEXT NOT NULL,
    name TEXT NOT NULL,
    home_zip TEXT NOT NULL,
    capacity FLOAT NOT NULL,
    PRIMARY KEY (dataset_id, rep_id),
    FOREIGN KEY(dataset_id) REFERENCES datasets (id) ON DELETE CASCADE
);
CREATE TABLE scenarios (
    id VARCHAR(64) NOT NULL,
    name TEXT NOT NULL,
    dataset_id VARCHAR(64),
    level VARCHAR(16) NOT NULL,
    region TEXT NOT NULL,
    units_version TEXT NOT NULL,
    n_units INTEGER NOT NULL,
    measure TEXT NOT NULL,
    tolerance FLOAT NOT NULL,
    settings_json TEXT NOT NULL,
    head INTEGER NOT NULL,
    rev INTEGER NOT NULL,
    next_code INTEGER NOT NULL,
    created_at VARCHAR(40) NOT NULL,
    updated_at VARCHAR(40) NOT NULL,
    deleted_at VARCHAR(40),
    PRIMARY KEY (id),
    FOREIGN KEY(dataset_id) REFERENCES datasets (id)
);
CREATE INDEX ix_scenarios_dataset_id ON scenarios (dataset_id);
CREATE TABLE edits (
    scenario_id VARCHAR(64) NOT NULL,
    id INTEGER NOT NULL,
    parent INTEGER,
    depth INTEGER NOT NULL,
    kind VARCHAR(16) NOT NULL,
    title TEXT NOT NULL,
    payload BLOB NOT NULL,
    author TEXT NOT NULL,
    note TEXT NOT NULL,
    at VARCHAR(40) NOT NULL,
    PRIMARY KEY (scenario_id, id),
    FOREIGN KEY(scenario_id, parent) REFERENCES edits (scenario_id, id),
    FOREIGN KEY(scenario_id) REFERENCES scenarios (id) ON DELETE CASCADE
);
CREATE INDEX edits_by_parent ON edits (scenario_id, parent);
CREATE TABLE heads (
    scenario_id VARCHAR(64) NOT NULL,
    rev INTEGER NOT NULL,
    head INTEGER NOT NULL,
    action VARCHAR(8) NOT NULL,
    author TEXT NOT NULL,
    at VARCHAR(40) NOT NULL,
    PRIMARY KEY (scenario_id, rev),
    FOREIGN KEY(scenario_id) REFERENCES scenarios (id) ON DELETE CASCADE
);
CREATE INDEX heads_by_head ON heads (scenario_id, head, rev);
CREATE TABLE checkpoints (
    scenario_id VARCHAR(64) NOT NULL,
    edit_id INTEGER NOT NULL,
    payload BLOB NOT NULL,
    PRIMARY KEY (scenario_id, edit_id),
    FOREIGN KEY(scenario_id, edit_id) REFERENCES edits (scenario_id, id) ON DELETE CASCADE
);
