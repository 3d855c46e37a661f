-- Settlements between provinces as CSV: PostgreSQL (psql), KingbaseES (ksql). docs/database.md says how it is run.
-- 跨省结算记录导出为 CSV：PostgreSQL（psql）、人大金仓（ksql）。用法见 docs/database.zh-CN.md。
-- A column `timestamp with time zone` needs: setl_time AT TIME ZONE 'Asia/Shanghai'.
COPY (
SELECT setl_id,
       mdtrt_id,
       init_setl_id,
       psn_no,
       insu_admdvs AS insuplc_admdvs,
       mdtrtarea_admvs,
       fixmedins_code,
       insutype,
       med_type,
       dise_no AS dise_codg,
       TO_CHAR(begndate, 'YYYY-MM-DD') AS begndate,
       TO_CHAR(enddate, 'YYYY-MM-DD') AS enddate,
       TO_CHAR(setl_time, 'YYYY-MM-DD HH24:MI:SS') AS setl_time,
       refd_setl_flag,
       fulamt_advpay_flag,
       CAST(medfee_sumamt AS TEXT) AS medfee_sumamt,
       CAST(hifp_pay AS TEXT) AS hifp_pay,
       CAST(cvlserv_pay AS TEXT) AS cvlserv_pay,
       CAST(hifes_pay AS TEXT) AS hifes_pay,
       CAST(hifmi_pay AS TEXT) AS hifmi_pay,
       CAST(hifob_pay AS TEXT) AS hifob_pay,
       CAST(hifdm_pay AS TEXT) AS hifdm_pay,
       CAST(maf_pay AS TEXT) AS maf_pay,
       CAST(othfund_pay AS TEXT) AS oth_pay,
       CAST(fund_pay_sumamt AS TEXT) AS fund_pay_sumamt,
       CAST(acct_pay AS TEXT) AS acct_pay,
       CAST(cash_payamt AS TEXT) AS psn_cash_pay,
       CAST(ownpay_hosp_part AS TEXT) AS hosp_part_amt,
       CAST(acct_mulaid_pay AS TEXT) AS acct_mulaid_pay,
       CAST(fulamt_ownpay_amt AS TEXT) AS fulamt_ownpay_amt,
       CAST(overlmt_selfpay AS TEXT) AS overlmt_selfpay,
       CAST(preselfpay_amt AS TEXT) AS preselfpay_amt,
       CAST(inscp_amt AS TEXT) AS inscp_scp_amt
FROM setl_d
WHERE vali_flag = '1'
  AND setl_time >= DATE '@FROM@' AND setl_time < DATE '@TO@'
  AND (insu_admdvs IS NULL OR mdtrtarea_admvs IS NULL
       OR CASE WHEN insu_admdvs LIKE '6590%' THEN '66' ELSE SUBSTR(insu_admdvs, 1, 2) END
       <> CASE WHEN mdtrtarea_admvs LIKE '6590%' THEN '66' ELSE SUBSTR(mdtrtarea_admvs, 1, 2) END)
ORDER BY setl_d.setl_time, setl_d.setl_id
) TO STDOUT WITH (FORMAT csv, HEADER true, ENCODING 'UTF8');
