import assert from "node:assert/strict";
import { test } from "node:test";

import { Revoked } from "./revocation_list.mjs";
import { listClaims, NOW, SID } from "./testing.mjs";

test("a list is forgotten entry by entry, once none of its tokens can live", () => {
  const revoked = new Revoked();
  revoked.merge(listClaims({ sids: { [SID]: NOW }, kids: { old: NOW } }), NOW);
  revoked.merge(listClaims(), NOW + 330 + 60);
  assert.ok(revoked.hasSid(SID) && revoked.hasKid("old"));
  revoked.merge(listClaims(), NOW + 330 + 61);
  assert.ok(!revoked.hasSid(SID) && !revoked.hasKid("old"));
  assert.equal(revoked.size, 0);
});

test("a later time for the same entry counts, an earlier one does not", () => {
  const revoked = new Revoked();
  for (const at of [NOW, NOW + 100, NOW + 50]) {
    revoked.merge(listClaims({ sids: { [SID]: at } }), NOW);
  }
  revoked.merge(listClaims(), NOW + 100 + 390);
  assert.ok(revoked.hasSid(SID));
});
